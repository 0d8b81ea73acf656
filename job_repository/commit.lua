-- One transition: compare, write, move the indexes, number the event, and wake the pipeline. All or nothing.
-- KEYS: epoch, seq, events, instruments, job, launch stream, then indexes to leave, then indexes to enter
-- ARGV: epoch, lowest seq, job id, then what must be stored: revision ('' for absent), owner, attempt,
--       then doc, revision, owner, attempt, stage, job epoch, step, instrument, launch ('' for none), field of the launch,
--       number of indexes to leave, number to enter
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost', 0} end
if tonumber(redis.call('GET', KEYS[2]) or '-1') < tonumber(ARGV[2]) then return {'lost', 0} end
local stored = redis.call('HMGET', KEYS[5], 'revision', 'owner', 'attempt')
if ARGV[4] == '' then
  if stored[1] then return {'moved', 0} end
elseif stored[1] ~= ARGV[4] or stored[2] ~= ARGV[5] or stored[3] ~= ARGV[6] then
  return {'moved', 0}
end
local seq = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[5], 'doc', ARGV[7], 'revision', ARGV[8], 'owner', ARGV[9], 'attempt', ARGV[10],
  'stage', ARGV[11], 'epoch', ARGV[12], 'seq', seq)
local leave, enter = tonumber(ARGV[17]), tonumber(ARGV[18])
for place = 1, leave do redis.call('ZREM', KEYS[6 + place], ARGV[3]) end
for place = 1, enter do redis.call('ZADD', KEYS[6 + leave + place], seq, ARGV[3]) end
redis.call('SADD', KEYS[4], ARGV[14])
redis.call('XADD', KEYS[3], seq .. '-0', 'seq', seq, 'doc', ARGV[7], 'step', ARGV[13])
if ARGV[15] ~= '' then redis.call('XADD', KEYS[6], '*', ARGV[16], ARGV[15]) end
return {'done', seq}

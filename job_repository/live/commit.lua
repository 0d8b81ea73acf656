-- One or more transitions: compare all, then write, move the indexes, number the events, wake pipelines. All or nothing.
-- KEYS: epoch, seq, events, instruments, then for each job: its hash, launch stream, indexes to leave, indexes to enter
-- ARGV: epoch, lowest seq, number of jobs, then for each job:
--       id, then what must be stored: revision ('' for absent), owner, attempt,
--       then doc, revision, owner, attempt, stage, job epoch, step, instrument, launch ('' for none), field of the launch,
--       number of indexes to leave, number to enter
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
if tonumber(redis.call('GET', KEYS[2]) or '-1') < tonumber(ARGV[2]) then return {'lost'} end
local answer, key, arg, each = {'done'}, 5, 4, 16
for _ = 1, tonumber(ARGV[3]) do
  local stored = redis.call('HMGET', KEYS[key], 'revision', 'owner', 'attempt')
  if ARGV[arg + 1] == '' then
    if stored[1] then return {'moved'} end
  elseif stored[1] ~= ARGV[arg + 1] or stored[2] ~= ARGV[arg + 2] or stored[3] ~= ARGV[arg + 3] then
    return {'moved'}
  end
  key, arg = key + 2 + tonumber(ARGV[arg + 14]) + tonumber(ARGV[arg + 15]), arg + each
end
key, arg = 5, 4
for _ = 1, tonumber(ARGV[3]) do
  local id, leave, enter = ARGV[arg], tonumber(ARGV[arg + 14]), tonumber(ARGV[arg + 15])
  local seq = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[key], 'doc', ARGV[arg + 4], 'revision', ARGV[arg + 5], 'owner', ARGV[arg + 6],
    'attempt', ARGV[arg + 7], 'stage', ARGV[arg + 8], 'epoch', ARGV[arg + 9], 'seq', seq)
  for place = 1, leave do redis.call('ZREM', KEYS[key + 1 + place], id) end
  for place = 1, enter do redis.call('ZADD', KEYS[key + 1 + leave + place], seq, id) end
  redis.call('SADD', KEYS[4], ARGV[arg + 11])
  redis.call('XADD', KEYS[3], seq .. '-0', 'seq', seq, 'doc', ARGV[arg + 4], 'step', ARGV[arg + 10])
  if ARGV[arg + 12] ~= '' then redis.call('XADD', KEYS[key + 1], '*', ARGV[arg + 13], ARGV[arg + 12]) end
  answer[#answer + 1] = seq
  key, arg = key + 2 + leave + enter, arg + each
end
return answer

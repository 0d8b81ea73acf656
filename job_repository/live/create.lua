-- All jobs of a capture in one step; a job that is there already stays as it is (its number is 0 in the answer).
-- KEYS: epoch, seq, events, instruments, then for each job: its hash and its indexes
-- ARGV: epoch, lowest seq, number of jobs, then for each job:
--       id, doc, revision, owner, attempt, stage, job epoch, step, instrument, number of indexes
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
if tonumber(redis.call('GET', KEYS[2]) or '-1') < tonumber(ARGV[2]) then return {'lost'} end
local answer, key, arg = {'done'}, 5, 4
for _ = 1, tonumber(ARGV[3]) do
  local indexes = tonumber(ARGV[arg + 9])
  local seq = 0
  if redis.call('EXISTS', KEYS[key]) == 0 then
    seq = redis.call('INCR', KEYS[2])
    redis.call('HSET', KEYS[key], 'doc', ARGV[arg + 1], 'revision', ARGV[arg + 2], 'owner', ARGV[arg + 3],
      'attempt', ARGV[arg + 4], 'stage', ARGV[arg + 5], 'epoch', ARGV[arg + 6], 'seq', seq)
    for place = 1, indexes do redis.call('ZADD', KEYS[key + place], seq, ARGV[arg]) end
    redis.call('SADD', KEYS[4], ARGV[arg + 8])
    redis.call('XADD', KEYS[3], seq .. '-0', 'seq', seq, 'doc', ARGV[arg + 1], 'step', ARGV[arg + 7])
  end
  answer[#answer + 1] = seq
  key, arg = key + 1 + indexes, arg + 10
end
return answer

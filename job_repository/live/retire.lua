-- The record holds everything up to a number: trim the events, and let final jobs go that did not change since.
-- KEYS: epoch, events, then the final jobs' hashes
-- ARGV: epoch, first number that must stay, then the number at which each job became final
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[2] .. '-0')
local gone = 0
for place = 3, #KEYS do
  if redis.call('HGET', KEYS[place], 'seq') == ARGV[place] then gone = gone + redis.call('DEL', KEYS[place]) end
end
return gone

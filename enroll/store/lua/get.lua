-- KEYS: mark, record, index, ends. ARGV: echo, key, the node's milliseconds.
if doubt then return reply('doubt') end
local value = redis.call('GET', KEYS[2])
if value then return reply('ok', {value}) end
-- A record that is gone while the index knows it was evicted, or taken out by
-- hand. Whoever it is of must not become new by it.
if redis.call('ZSCORE', KEYS[3], ARGV[2]) then
  local over = redis.call('ZSCORE', KEYS[4], ARGV[2])
  if not over or tonumber(over) > tonumber(ARGV[3]) then return reply('missing') end
elseif indexed and redis.call('ZCARD', KEYS[3]) < indexed then
  return reply('lost') -- so was a part of the index: whoever it was of is not known
end
return reply('none')

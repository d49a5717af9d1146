-- KEYS: mark, log, ends of its lines. ARGV: echo, what to add, its end ('':
-- none) and the node's clock in milliseconds. It is taken in any state: to
-- revoke can only make stricter.
--
-- The number is the time, where that is higher than the last: a store that was
-- emptied goes on where nodes that have read on expect it.
local seq = math.max(tonumber(mark[7] or '0') + 1, tonumber(clock[1]) * 1000000 + tonumber(clock[2]))
count = count + 1
redis.call('HSET', KEYS[1], 'count', text(count), 'seq', text(seq))
local entry = text(seq) .. ':' .. ARGV[2]
local grown = redis.call('ZADD', KEYS[2], text(seq), entry)
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[3], ARGV[3], entry) end

local over = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[4], 'LIMIT', 0, 64)
for _, one in ipairs(over) do
  grown = grown - redis.call('ZREM', KEYS[2], one)
  redis.call('ZREM', KEYS[3], one)
end
logged = logged and logged + grown or redis.call('ZCARD', KEYS[2])
resize()
return reply('ok', {text(seq)})

-- KEYS: mark, record, index, ends. ARGV: echo, id of the record that was read
-- ('': none), what to write ('': remove it), key, its end ('': none) and the
-- node's clock in milliseconds, how long redis keeps it, how long a new line
-- must have been there.
if doubt then return reply('doubt') end
if now - since < tonumber(ARGV[8]) then return reply('settling') end
if redis.call('GETRANGE', KEYS[2], 0, 16) ~= ARGV[2] then return reply('changed') end

-- First, so that a full server refuses here and nothing is half done.
count = count + 1
redis.call('HSET', KEYS[1], 'count', text(count))
local grown = 0
if ARGV[3] == '' then
  redis.call('DEL', KEYS[2])
  grown = grown - redis.call('ZREM', KEYS[3], ARGV[4])
  redis.call('ZREM', KEYS[4], ARGV[4])
else
  if ARGV[5] == '' then
    redis.call('SET', KEYS[2], ARGV[3])
    redis.call('ZREM', KEYS[4], ARGV[4])
  else
    redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[7])
    redis.call('ZADD', KEYS[4], ARGV[5], ARGV[4])
  end
  grown = grown + redis.call('ZADD', KEYS[3], 0, ARGV[4])
end

local over = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ARGV[6], 'LIMIT', 0, 64)
for _, key in ipairs(over) do
  grown = grown - redis.call('ZREM', KEYS[3], key)
  redis.call('ZREM', KEYS[4], key)
end
indexed = indexed and indexed + grown or redis.call('ZCARD', KEYS[3])
resize()
return reply('ok')

-- KEYS: mark, log. ARGV: echo, number after which to read, how many.
if doubt then return reply('doubt') end
if logged and redis.call('ZCARD', KEYS[2]) < logged then return reply('lost') end
return reply('ok', redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3]))

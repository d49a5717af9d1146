-- KEYS: mark, index. ARGV: echo, first and last key as ZRANGEBYLEX reads them,
-- how many.
if doubt then return reply('doubt') end
return reply('ok', redis.call('ZRANGEBYLEX', KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4]))

-- KEYS: mark. ARGV: echo.
if doubt then return reply('doubt') end
return reply('ok')

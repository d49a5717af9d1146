package store

import (
	"crypto/sha1" // #nosec G505 -- the name that Redis gives a script
	_ "embed"     // the scripts
	"encoding/hex"
)

// The scripts. Each begins with first.lua.
var (
	//go:embed lua/first.lua
	firstLua string
	//go:embed lua/get.lua
	getLua string
	//go:embed lua/update.lua
	updateLua string
	//go:embed lua/list.lua
	listLua string
	//go:embed lua/revoke.lua
	revokeLua string
	//go:embed lua/revoked.lua
	revokedLua string
	//go:embed lua/look.lua
	lookLua string
	//go:embed lua/doubt.lua
	doubtLua string
	//go:embed lua/accept.lua
	acceptLua string

	get, update, list       = newScript(getLua), newScript(updateLua), newScript(listLua)
	revoke, revoked, look   = newScript(revokeLua), newScript(revokedLua), newScript(lookLua)
	doubtMarks, acceptMarks = newScript(doubtLua), newScript(acceptLua)
)

type script struct{ text, sum string }

func newScript(body string) *script {
	text := firstLua + body
	sum := sha1.Sum([]byte(text)) // #nosec G401 -- the name that Redis gives a script
	return &script{text, hex.EncodeToString(sum[:])}
}

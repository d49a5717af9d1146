package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// asset is one embedded file under a name that holds a hash of its content, so
// that it can be cached for ever and an upgrade is seen at once.
type asset struct {
	name, kind string
	body       []byte
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// assets maps hashed names to files; assetNames maps plain names to hashed ones.
var assets, assetNames = loadAssets()

func loadAssets() (map[string]asset, map[string]string) {
	files, names := map[string]asset{}, map[string]string{}
	entries, _ := assetFiles.ReadDir("assets")
	for _, e := range entries {
		body, err := assetFiles.ReadFile(path.Join("assets", e.Name()))
		if err != nil {
			continue
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		files[name] = asset{name: name, kind: assetKinds[ext], body: body}
		names[e.Name()] = name
	}
	return files, names
}

// serveAsset answers /assets/<name>: an embedded file, or the style sheet of a
// tenant's colour, whose name says which colour it is.
func (p *Portal) serveAsset(w http.ResponseWriter, r *http.Request, v *Visit, name string) {
	a, ok := assets[name]
	if color, isBrand := brandColorOf(name); isBrand {
		a, ok = asset{name: name, kind: assetKinds[".css"], body: []byte(brandSheet(color))}, true
	}
	if !ok {
		p.notFound(w, r, v)
		return
	}
	secure(w.Header())
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}

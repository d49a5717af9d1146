package browsertest

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// The pictures of the guides, in the order in which a person meets the pages.
var pictures = []string{"block", "choose", "passkey", "app", "codes", "verify", "unsent", "manage"}

const docs = "../../../docs/"

// TestDocs_Pictures walks through the pages that the guides show. With MFA_DOCS
// set (`make images`) it takes the pictures anew; without, it demands that those
// in docs/images are of the size that the pages have, light enough, and all used.
func TestDocs_Pictures(t *testing.T) {
	p := meet(t)
	p.stay()
	p.authenticator()
	offerKeys(p.site)
	p.site.Change(func(r *enroll.Rules) { r.TenantName = "Example Ltd" })
	p.site.Areas = map[string]string{"/documentos-recebidos": "Received documents", "/enviar-documentos": "Send documents", "/mensagens": "Messages"}
	p.width(620, 700)
	if os.Getenv("MFA_DOCS") != "" {
		p.shots = docs + "images"
	}

	p.open("/documentos-recebidos/42")
	p.see("main .button")
	p.shot("block")
	p.click("main .button")
	p.click("form[action$='/api/email'] .button")
	p.see("#code")
	p.keys("#code", p.mailed()+"\r")
	p.see(".choices")
	p.shot("choose")
	p.click(".choices li:first-child a")
	p.see("[data-passkey-go]")
	p.shot("passkey")
	p.click("main p > a.quiet")
	p.see(".choices")
	p.click(".choices li:last-child a")
	p.click("form[action$='/api/methods/totp'] .button")
	p.see(".qr")
	p.shot("app")
	key := p.key()
	p.keys("#code", p.app(key)+"\r")
	p.see(".codes")
	p.shot("codes")
	p.site.Clock.Add(time.Minute)
	p.addKey()
	p.site.Clock.Add(13 * time.Hour)
	p.scripts(false) // else the browser fills the passkey in at once
	p.open("/.mfa/verify?way=totp")
	p.see("#code")
	p.shot("verify")
	p.scripts(true)
	p.open("/")
	p.keys("#t", "Balance")
	p.click("#go")
	p.see("[data-again-say]")
	p.shot("unsent")
	p.site.Clock.Add(time.Hour)
	p.open("/.mfa/verify")
	p.see("[data-passkey-go], .sign.good")
	if p.text(`String(!!document.querySelector('[data-passkey-go]'))`) == "true" {
		p.click("[data-passkey-go]")
	}
	p.see(".sign.good")
	p.open("/.mfa/")
	p.see(".methods")
	p.shot("manage")

	if os.Getenv("MFA_DOCS") != "" {
		for _, name := range pictures {
			thin(t, filepath.Join(p.shots, name+".png"))
		}
	}
	checkPictures(t, p.shots)
}

// checkPictures compares the pictures that are kept with what the guides show
// and with those just taken.
func checkPictures(t *testing.T, taken string) {
	t.Helper()
	guides := ""
	for _, name := range []string{"users.md", "methods.md"} {
		text, err := os.ReadFile(docs + name)
		if err != nil {
			t.Fatal(err)
		}
		guides += string(text)
	}
	for _, name := range pictures {
		kept := filepath.Join(docs, "images", name+".png")
		info, err := os.Stat(kept)
		if err != nil || info.Size() > 60_000 {
			t.Errorf("%s: %v, want at most 60 kB; take it anew: make images", kept, err)
			continue
		}
		if width := widthOf(t, kept); width != widthOf(t, filepath.Join(taken, name+".png")) {
			t.Errorf("%s is %d wide; take it anew: make images", kept, width)
		}
		if !strings.Contains(guides, "(images/"+name+".png)") {
			t.Errorf("no guide shows %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(images/([a-z]+)\.png\)`).FindAllStringSubmatch(guides, -1) {
		if !strings.Contains(" "+strings.Join(pictures, " ")+" ", " "+m[1]+" ") {
			t.Errorf("a guide shows %s, which nobody takes", m[1])
		}
	}
}

func widthOf(t *testing.T, file string) int {
	t.Helper()
	f, err := os.Open(file) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	c, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	return c.Width
}

// thin writes a picture anew with the 64 colours that are most used in it: a page
// has few, and shades between a letter and its ground are hardly missed.
func thin(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	whole, err := png.Decode(f)
	_ = f.Close()
	if err != nil {
		t.Fatal(err)
	}
	uses, b := map[color.RGBA]int{}, whole.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			uses[color.RGBAModel.Convert(whole.At(x, y)).(color.RGBA)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(uses), func(a, b color.RGBA) int {
		return cmp.Or(uses[b]-uses[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var few color.Palette
	for _, c := range most[:min(64, len(most))] {
		few = append(few, c)
	}
	small := image.NewPaletted(b, few)
	draw.Draw(small, b, whole, b.Min, draw.Src)
	out, err := os.Create(file) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, small); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

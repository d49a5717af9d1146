package apptest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Axe returns what axe-core holds against the page, one line a fault.
func (b *Browser) Axe() []string {
	b.t.Helper()
	path := os.Getenv("AXE_JS")
	if path == "" {
		path = filepath.Join(Root(), ".tools/node_modules/axe-core/axe.min.js")
	}
	src, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatalf("axe-core is missing (%v); install it: npm install --prefix .tools --no-save axe-core", err)
	}
	// Evaluating from outside is not subject to the page's CSP.
	b.Eval(string(src) + `;""`)
	out := b.Eval(`axe.run(document,{runOnly:["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]}).then(r=>JSON.stringify(r.violations))`)
	var faults []struct {
		ID, Help string
		Nodes    []struct{ HTML string }
	}
	if err := json.Unmarshal([]byte(out), &faults); err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, f := range faults {
		for _, n := range f.Nodes {
			lines = append(lines, fmt.Sprintf("%s: %s: %.200s", f.ID, f.Help, n.HTML))
		}
	}
	return lines
}

// Layout returns what axe does not see: content wider than the window, and
// targets under 24 pixels (WCAG 2.2, 2.5.8), one line a fault. Links within a
// sentence may be smaller.
func (b *Browser) Layout() []string {
	b.t.Helper()
	out := b.Eval(`(()=>{const out=[], d=document.scrollingElement;
if(d.scrollWidth>d.clientWidth) out.push("the page is "+d.scrollWidth+" px wide in a window of "+d.clientWidth);
for(const e of document.querySelectorAll("a,button,input:not([type=hidden]),summary,select,textarea")){
const r=e.getBoundingClientRect(); if(!r.width||e.closest("p,.skip,li")&&e.tagName=="A") continue;
if(r.width<24||r.height<24) out.push(e.tagName+" "+e.textContent.trim()+" is "+Math.round(r.width)+" by "+Math.round(r.height)+" px")}
return out.join("\n")})()`)
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

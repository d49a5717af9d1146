package portal

import "net/http"

// codesPart is the recovery codes' own part of a page.
type codesPart struct {
	Codes []string
	First bool   // they came with the first method
	Next  string // where the box that says "saved" leads
	Site  string // the host they are for, on the sheet that is printed
}

// showCodes shows new recovery codes, this once.
func (t *turn) showCodes(codes []string, first bool) {
	x := t.view(t.s.T("codes.title"), t.page("/enroll"))
	x.Keep = true // another language is another page, without the codes
	part := codesPart{Codes: codes, First: first, Next: t.page("/"), Site: t.v.Host}
	if first {
		x.Last, x.Steps, part.Next = true, t.steps(nil, "codes"), t.page("/enroll")
	}
	x.D = part
	t.p.show(t.w, t.r, http.StatusOK, "codes", x)
}

package policy

import "testing"

// What a path says to a router alone is no part of a page's name: JSF's second address
// of it, SAP's language and client, the method that Struts is to call. An allow is met
// by the path as it is written.
func TestWhatIsForARouterAlone(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/documents, /sap/bc, /app/list.action], allow: [/faces/documents/help, /documents!login.action]}}")
	for path, hit := range map[string]bool{
		"/faces/documents.xhtml": true, "/faces/documents/1.xhtml": true, "/%66aces/documents.jsf": true, "/faces//documents.xhtml": true, "/x/../faces/documents.xhtml": true, "/faces;jsessionid=1/Documents.xhtml": true, "/faces/%64ocuments": true, "/app/faces/list.xhtml": true,
		"/sap(bD1kZSZjPTEwMA==)/bc": true, "/sap(bD1kZSZjPTEwMA==)/bc/gui/x": true, "/sap%28bD1kZQ==%29/bc": true, "/sap()/bc": true, "/SAP(cz1TSUQlM2FBTk9O)/BC": true,
		"/documents!list.action": true, "/documents!list": true, "/documents/1!list.action": true, "/documents%21list.action;jsessionid=1": true, "/app/list!delete.action": true, "/app/list!": true,

		"/faces/index.xhtml": false, "/faces/documents-public.xhtml": false, "/surfaces/documents": false, "/faces": false, "/faces/": false, "/faces/documents/help.xhtml": true, "/faces/documents/help": false, "/faces/documents/help/1": false, "/documents!login.action": false,
		"/sap(bD1kZQ==)/public/x": false, "/x/sap(bD1kZQ==)/bc": false, "/sap(bD1kZQ==)": false, "/sap(a/b)/bc": false, "/f(x)/documents": false,
		"/index!list.action": false, "/list!documents.action": false, "/!documents": true, "/x!y/documents": false, "/a!b": false,
	} {
		f := known("h", path)
		if d := p.Decide(&f); (d.Reason != ReasonOpen) != hit {
			t.Errorf("%s: %+v", path, d)
		}
		if hit && p.Spares(&f.Place, &f.Sent) {
			t.Errorf("%s is spared", path)
		}
	}
}

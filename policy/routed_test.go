package policy

import "testing"

// A query that is a path is one to front controllers that cannot have PATH_INFO, with
// a slash first or without.
func TestAQueryThatIsAPath(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/documents, /app/topic], allow: [/documents/help]}}")
	for request, hit := range map[string]bool{
		"/?/documents": true, "/?/documents/1": true, "/index.php?/documents/1": true, "/INDEX.PHP?/Documents": true, "/?/documents&a=b": true, "/?/documents=": true, "/?/x/../documents": true,
		"/?%2Fdocuments": true, "/?/%64ocuments": true, "//?/documents": true, "/index%2ephp?/documents": true, "/index.php/?/documents": true, "/x/../?/documents": true, "/index.php%3f/documents": true,
		"/app/?/topic/1": true, "/app/index.php?/topic/1": true, "/app?/topic/1": false, "/?/documents/help": false,
		"/?/": false, "/?/finance": false, "/?/documents-public": false, "/?q=/documents": false, "/login?/documents": false, "/x.php?/documents": false, "/?x&/documents": false, "/?%": false, "/?/100%": false, "/files/Q%3F/100%25": false, "/files/%231%20Q%3F/index.php": false, "/?/documents%": true, "/?/documents/100%": true,

		"/?documents": true, "/?documents/1": true, "/?documents/1&page=2": true, "/?documents=": true, "/?Documents/&x": true, "/?%64ocuments/": true, "/?a=b&documents/1": true, "/index.php?a=b&&documents": true, "/index.php?x/../documents": true, "/app/?topic/1": true, "/app/index.php?topic": true, "/?my-documents/../documents": true, "/index%2ephp?documents": true, "/index.php%3fdocuments": true, "/?documents.json": true,
		"/?documents-public": false, "/?x&documents": false, "/?documents=1": false, "/?a=documents": false, "/app/?documents": false, "/login?documents": false, "/x.php?documents": false, "/?documents/help": false, "/?v=1": false, "/?1700000000": false, "/index.php?logout": false,
	} {
		f := known("h", request)
		f.Sent = Target{Path: request}
		for i := range request {
			if request[i] == '?' {
				f.Sent = Target{request[:i], request[i+1:]}
				break
			}
		}
		if d := p.Decide(&f); (d.Reason != ReasonOpen) != hit {
			t.Errorf("%s: %+v", request, d)
		}
		if hit && p.Spares(&f.Place, &f.Sent) {
			t.Errorf("%s is spared", request)
		}
	}
}

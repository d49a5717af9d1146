package attack

import (
	"fmt"
	"strings"
)

// percent encodes the letters of s in percents, n deep.
func percent(s string, n int) string {
	for range n {
		var b strings.Builder
		for i := range len(s) {
			fmt.Fprintf(&b, "%%%02x", s[i])
		}
		s = b.String()
		if n > 1 { // a second layer needs the percent signs alone
			return strings.ReplaceAll(s, "%", "%"+strings.Repeat("25", n-1))
		}
	}
	return s
}

// hostile returns targets each of which some server may take for /documents.
// They come from families, so that the relatives of an advisory are tried as
// well as the very bytes it printed.
func hostile() []string {
	seen := map[string]bool{}
	var list []string
	add := func(ts ...string) {
		for _, t := range ts {
			if !seen[t] && !strings.ContainsAny(t, "\r\n") {
				seen[t] = true
				list = append(list, t)
			}
		}
	}
	names := []string{"documents", "DOCUMENTS", "Documents", "dOcUmEnTs"}
	// Encodings 1 to 4 deep of one letter, of all, and of the slash (GHSA-m8m5-v4jf-3wcm, CVE-2025-32431).
	for depth := 1; depth <= 4; depth++ {
		for i := range "documents" {
			add("/" + "documents"[:i] + percent("documents"[i:i+1], depth) + "documents"[i+1:])
		}
		add("/"+percent("documents", depth), "/"+percent("documents/1", depth), "/documents"+percent("/1", depth), "/open/.."+percent("/", depth)+"documents",
			"/open"+percent("/../", depth)+"documents", "/open/"+percent("..", depth)+"/documents", percent("/", depth)+"documents", "/"+percent("/", depth)+"documents")
		for _, c := range []string{";", "?", "#", "\x00", "\\", " ", ".", ":", "\t", "\x7f", "\x01", "/", "&", "="} {
			add("/documents"+percent(c, depth), "/documents"+percent(c, depth)+"1", "/documents"+percent(c, depth)+"/1", "/documents/"+percent(c, depth))
		}
	}
	// Ways round another segment (GHSA-p224-6x5r-fjpm, CVE-2026-3872, CVE-2021-29492).
	dots := []string{"..", ".%2e", "%2e.", "%2e%2e", "%2E%2E", "..;", "..;x=1", "..;/x/..", "%252e%252e", "..%3b", "..%00", "．．", "%ef%bc%8e%ef%bc%8e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae"}
	slashes := []string{"/", "//", "/./", "/%2e/", "%2f", "%2F", "%5c", `\`, "%252f", "%ef%bc%8f", "%c0%af", "%5C", "/;/", "/;x/", ";x/"}
	for _, d := range dots {
		for _, s := range slashes {
			add("/open"+s+d+s+"documents", "/open/"+d+s+"documents/1")
		}
		add("/a/b/"+d+"/"+d+"/documents", "/"+d+"/documents", "/documents/"+d+"/documents", "/documents/x/"+d, "/open.html/"+d+"/documents", "/.mfa/"+d+"/documents", "/.mfa/assets/"+d+"/"+d+"/documents", "/.mfa%2f"+d+"%2fdocuments")
	}
	for _, s := range slashes {
		add(s+"documents", s+"documents"+s+"1", "/"+s+"documents", "/documents"+s, "/documents"+s+"1")
	}
	for _, n := range names {
		add("/"+n, "/"+n+"/", "/"+n+"/1", "//"+n, "/./"+n, "/"+n+"/.", "/"+n+"//", "/"+n+";x=1", "/"+n+";jsessionid=1/1", "/;/"+n, "/;x=1/"+n, "/"+n+"?x=/open", "/"+n+"#x", "/open/../"+n+"#", "/#/../"+n,
			"http://office.test/"+n, "HTTP://office.test/"+n, "http://office.test//"+n, "https://office.test/"+n, "http://user@office.test/"+n, "http://office.test:80/"+n, "http://office.test/open/../"+n, "http://office.test/open/%2e%2e/"+n,
			"//office.test/"+n, "///office.test/../"+n, "//x/../"+n, "/http://office.test/../../../"+n,
			"/index.php/"+n, "/index.php//"+n, "/INDEX.PHP/"+n, "/app/index.php/"+n, "/app.php/"+n+"/1", "/index.php;x/"+n, "/index%2ephp/"+n, "/index.php/open/../"+n, "/cgi-bin/x.cgi/"+n,
			"/"+n+".json", "/"+n+".xml", "/"+n+".html", "/"+n+".php", "/"+n+".json/", "/"+n+".", "/"+n+"..", "/"+n+"./1", "/"+n+" /1", "/"+n+"%20", "/"+n+"%20/1", "/"+n+"%20.", "/"+n+"%09",
			"/"+n+"::$DATA", "/"+n+"::$INDEX_ALLOCATION/1", "/"+n+":$I30:$INDEX_ALLOCATION/1", "/"+n+":$I30:$INDEX_ALLOCATION", "/"+n+"%3a%3a$DATA")
	}
	// Letters that fold (GHSA-v4h7-cj44-8fc8), are wide, or too long for what they say.
	for i, c := range "documents" {
		wide := string(rune(0xff00 + c - 0x20))
		bold := string(rune(0x1d41a + c - 'a'))
		pre, post := "/"+"documents"[:i], "documents"[i+1:]
		add(pre+wide+post, pre+percent(wide, 1)+post, pre+percent(bold, 1)+post, pre+percent(wide, 2)+post,
			fmt.Sprintf("%s%%%02x%%%02x%s", pre, 0xc0|c>>6, 0x80|c&0x3f, post), fmt.Sprintf("%s%%e0%%%02x%%%02x%s", pre, 0x80|c>>6, 0x80|c&0x3f, post), fmt.Sprintf("%s%%u%04x%s", pre, c, post))
	}
	add("/document%c5%bf", "/documentſ", "/document\u017f/1")
	// An alias of nginx without its slash, ASP.NET without cookies (CVE-2023-36899), front controllers without PATH_INFO.
	for _, n := range names {
		add("/files../"+n, "/files../"+n+"/1", "/files..//"+n, "/files%2e%2e/"+n, "/files..%2f"+n, "/x/files../../"+n, "/files../x/../"+n,
			"/(primary:"+n+")", "/%28primary:"+n+"/1)", "/(menu:top//"+n+")", "/(open//primary:"+n+")", "/open/(..)"+n, "/a/b/(...)"+n+"/1",
			"/(S(lit3py55t21z5v55vlm25s55))/"+n, "/(S(x))/"+n+"/1", "/(A(a)S(b)F(c))/"+n, "/%28S%28x%29%29/"+n, "/docu/(S(x))ments", "/(S(x))/open/../"+n, "/"+n+"(S(x))", "/(S(X))/docu/(S(X))ments/1", "/open/(S(x))../"+n,
			"/?/"+n, "/?/"+n+"/1", "/index.php?/"+n, "/?/"+n+"&a=b", "/?/open/../"+n, "/?/%64ocuments", "/index.php?/"+n+"&page=home")
	}
	// Accents that collations of MySQL do not see, and what WordPress makes of a name.
	for _, n := range []string{"d%C3%B3cuments", "D%C3%93CUMENTS", "do%CC%81cuments", "docum%C3%A8nts", "%C4%8Focuments", "docu~ments", "~documents", "documents~"} {
		add("/"+n, "/"+n+"/1", "/open/../"+n, "/index.php/"+n, "/?/"+n)
	}
	// What is left out of a name by who looks pages up by its words (Zend Framework 1, WordPress).
	for _, n := range names {
		for _, mark := range strings.Split("! $ & ' ( ) * + , = : @ [ ] _ ~ - . -- _- ._ !!", " ") {
			add("/"+n+mark, "/"+mark+n, "/"+mark+n+mark+"/1", "/"+n[:4]+mark+n[4:]+"/1", "/index.php/"+n+mark, "/open/../"+mark+n)
		}
		add("/("+n+")", "/("+n+")/1", "/["+n+"]", "/'"+n+"'", "/_"+n+"_.json", "/"+n+"!;x/1", "/%5f"+n, "/"+n+"%21")
	}
	// What wikis and routers take for a slash, or for no name (DokuWiki, ThinkPHP).
	for _, n := range names {
		for _, mark := range strings.Split(": | %3a %7C :/ /:", " ") {
			add("/"+n+mark+"1", "/index.php/"+n+mark+"1/2", "/open/../"+n+mark)
		}
		add("/-/"+n, "/@/_/"+n+"/1", "/%25/"+n, "/%25"+n, "/"+n+"%25/1", "/-:"+n, "/%E2%80%93/"+n)
	}
	// Too long, and more readings than anyone should try.
	for _, n := range []int{2000, 4000, 8180, 8192, 9000} {
		add("/"+strings.Repeat("a", n)+"/../documents", "/documents/"+strings.Repeat("a", n), "/"+strings.Repeat("./", n/2)+"documents", "/documents?"+strings.Repeat("a", n), strings.Repeat("/", n)+"documents")
	}
	for _, n := range []int{6, 9, 20, 60} {
		add("/"+strings.Repeat("x%2f..;%5c", n)+"../documents", "/"+strings.Repeat("a%252f..%2f", n)+"documents", "/"+strings.Repeat("x;y/%2e%2e/", n)+"documents")
	}
	// The query says the area; so may a repeated, odd or encoded key (CVE-2025-54576, C13).
	for _, k := range []string{"page", "%70age", "%20page", "page%00", "page[]", "Page", "PAGE", "+page", "page%5b%5d", "page%5B0%5D", "page.x&page", "[page]", "]page", "page]"} {
		for _, v := range []string{"mensagens", "%6densagens", "home&page=mensagens", "mensagens&page=home", "home;page=mensagens", "MENSAGENS", "mensagens%20", "%6d%65nsagens", "mensagens#x", "home#&page=mensagens", "mensagens/id/3", "mensagens.html", "mensagens%7Cx", "mensagens%23x", "mensa%00gens"} {
			add("/index.php?"+k+"="+v, "/INDEX.php?"+k+"="+v, "/index.php/?"+k+"="+v, "/open/../index.php?"+k+"="+v, "/index%2ephp?"+k+"="+v)
		}
	}
	return append(list, "/index.php;page=mensagens", "/index.php;x=1&page=mensagens", "/index%2ephp;page=mensagens")
}

// harmless returns targets that no server takes for a protected one.
func harmless() []string {
	list := []string{"/", "/open", "/documents-public", "/documents-public/1", "/documentsx", "/my-documents", "/documents_old/x", "/open/documents", "/open/documents.json", "/a/b/documents/c", "/document", "/document/s", "/docs", "/index.php", "/index.php?page=home", "/index.php?x=mensagens", "/open?x=/documents", "/open?page=mensagens", "/open?next=%2Fdocuments%2F1", "/index.php/open", "/v1.2/x", "/.well-known/acme", "/.hidden", "/a.b.c/d.e", "/a;b", "/a;v=1/b", "/a;v=1;w=2", "/a%3Bb", "/a%20b", "/a%20b/c%20d.pdf", "/a+b", "/a%2Bb", "/100%25", "/100%25/off", "/50%25%20off.html", "/a%26b", "/a%3Db=c", "/a=b&c", "/a@b", "/a:b", "/a,b", "/a!b", "/a$b", "/a(b)", "/(1)", "/a*b", "/a'b", "/~user", "/a~1", "/[x]", "/a%5Bb%5D", "/a%22b", "/a%7Cb", "/x/y/../z", "/x/./y", "/x//y", "/x/", "/x//", "/x?", "/x?a", "/x?a=b&c=d", "/x?a=%2e%2e%2f", "/x?a=b?c", "/x?%E4%BD%A0=%E5%A5%BD", "/x%23y", "/x%3Fy", "/C%23/x", "/c++", "/a%2Fb", "/x%2Fy%2Fz", "/report%202026.pdf", "/e-mail/bob%40x.test", "/index.html", "/app.js", "/app.js?v=1.2.3", "/a.tar.gz", "/socket.io/?EIO=4&transport=polling", "/%7Euser", "/%61bc", "/CamelCase/X", "/0", "/-", "/_", "/..a", "/a..b", "/a...", "/...", "/documents-old:search", "/x/%E2%80%A6", "/files../open", "/wiki/Mercury_(planet)", "/f(x)/g(y)", "/(S(x)", "/?/open", "/?open", "/?x", "/index.php?x&y=1", "/open/?documents", "/login?/documents", "/a%28b%29", "/my%20documents", "/my+documents", "/~bob/documents", "/d%C3%B3cument", "/documents%20old", "/files/Q%3F/100%25", "/files/%231%20R%26D:%20Q1%2FQ2%20results%3F/100%25%20off"}
	for _, name := range []string{"relatórios", "enviar-documentos", "日本語", "文書", "ドキュメント", "документы", "Έγγραφα", "مستندات", "מסמכים", "दस्तावेज़", "เอกสาร", "문서", "тест файл", "naïve café", "straße", "İstanbul", "ſtrange", "Ελλάς", "🙂", "👩‍👩‍👧", "ﬁle", "Ⅳ", "ａｂｃ", "тhe", "năm", "čeština", "e\u0301t\u00e9", "ქართული", "հայերեն", "አማርኛ"} {
		list = append(list, "/"+escape(name), "/"+strings.ToLower(escape(name))+"/1", "/x/"+escape(name)+".pdf", "/x?q="+escape(name))
	}
	return append(list, "/"+strings.Repeat("long-name-", 200), "/"+strings.Repeat("a/", 300), "/x?"+strings.Repeat("k=v&", 500))
}

// escape writes what a browser would: percents for all but plain characters.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Small comforts on top of pages that work without them. Written for old
// phones: no modules, no syntax after 2015. Nothing here decides anything.
(function () {
	'use strict';
	function all(selector, each) { Array.prototype.forEach.call(document.querySelectorAll(selector), each); }
	function one(selector) { return document.querySelector(selector); }
	function say(text) { var s = one('[data-status]'); if (s) { s.textContent = ''; setTimeout(function () { s.textContent = text; }, 50); } }

	// A code may be pasted with spaces and dashes, or typed in other digits.
	function digitsOf(text) {
		return (text.normalize ? text.normalize('NFKC') : text)
			.replace(/[\u0660-\u0669]/g, function (c) { return c.charCodeAt(0) - 0x660; })
			.replace(/[\u06f0-\u06f9]/g, function (c) { return c.charCodeAt(0) - 0x6f0; })
			.replace(/[^0-9]/g, '');
	}
	all('input[data-digits]', function (input) {
		var most = Number(input.getAttribute('data-digits')), gone = false;
		input.addEventListener('input', function (event) {
			if (event.isComposing) { return; }
			var digits = digitsOf(input.value).slice(0, most);
			if (digits !== input.value) { input.value = digits; }
			// Only where nothing else is on the page to do, and only once: a wrong
			// code is not sent a second time by itself.
			if (digits.length === most && input.hasAttribute('data-send') && !input.hasAttribute('aria-invalid') && !gone) {
				gone = true;
				if (input.form.requestSubmit) { input.form.requestSubmit(); } else { input.form.submit(); }
			}
		});
	});

	// Days and times in the reader's own time zone: the page itself knows UTC alone.
	all('time[data-local]', function (time) {
		var at = new Date(time.getAttribute('datetime')), tag = document.documentElement.lang;
		var parts = { day: 'numeric', month: 'long', year: 'numeric' };
		if (time.getAttribute('data-local') === 'moment') { parts.hour = 'numeric'; parts.minute = '2-digit'; parts.timeZoneName = 'short'; }
		try { time.textContent = at.toLocaleString((tag === 'en' ? 'en-GB' : tag) + '-u-nu-latn', parts); } catch (e) { return; }
	});

	// One click sends once.
	all('form[method=post]', function (form) {
		form.addEventListener('submit', function (event) {
			if (form.getAttribute('data-sent')) { event.preventDefault(); return; }
			form.setAttribute('data-sent', '1');
			var button = form.querySelector('[type=submit]');
			if (button) { button.setAttribute('aria-disabled', 'true'); }
		});
	});
	window.addEventListener('pageshow', function () {
		all('form[data-sent]', function (form) {
			form.removeAttribute('data-sent');
			var button = form.querySelector('[type=submit]');
			if (button) { button.removeAttribute('aria-disabled'); }
		});
	});

	// Copy, download, print.
	function linesOf(selector) {
		var items = one(selector).querySelectorAll('li');
		if (!items.length) { return one(selector).textContent.replace(/\s+/g, ''); }
		return Array.prototype.map.call(items, function (li) { return li.textContent.trim(); }).join('\n');
	}
	all('[data-copy]', function (button) {
		if (!navigator.clipboard) { return; }
		button.parentNode.hidden = false;
		button.addEventListener('click', function () {
			navigator.clipboard.writeText(linesOf(button.getAttribute('data-copy'))).then(function () {
				say(button.getAttribute('data-said'));
				button.textContent = button.getAttribute('data-said');
			});
		});
	});
	all('[data-download]', function (button) {
		button.parentNode.hidden = false;
		button.addEventListener('click', function () {
			var text = button.getAttribute('data-heading').replace(/\n/g, '\r\n') + '\r\n\r\n' + linesOf(button.getAttribute('data-download')).replace(/\n/g, '\r\n') + '\r\n';
			var link = document.createElement('a');
			link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
			link.download = button.getAttribute('data-name');
			document.body.appendChild(link);
			link.click();
			document.body.removeChild(link);
			URL.revokeObjectURL(link.href);
		});
	});
	all('[data-print]', function (button) {
		button.parentNode.hidden = false;
		button.addEventListener('click', function () { window.print(); });
	});
	all('.tools [data-copy]', function (button) { if (!navigator.clipboard) { button.hidden = true; } });

	// The last page leads on by itself, where the gate allows it.
	all('a[data-follow]', function (link) {
		var text = one('[data-following]');
		if (text) { text.hidden = false; }
		setTimeout(function () { location.replace(link.href); }, link.getAttribute('data-follow') === 'soon' ? 0 : 2500);
	});

	// A form that was not sent waits here until the proof was given in another
	// tab, and is then sent again by reloading: the browser kept it.
	all('[data-again]', function (box) {
		var address = box.getAttribute('data-again'), asking = false, done = false;
		var line = box.querySelector('[data-again-say]');
		function ask() {
			if (asking || done || document.hidden) { return; }
			asking = true;
			fetch(address, { credentials: 'same-origin', headers: { Accept: 'application/json' } })
				.then(function (answer) { return answer.ok ? answer.json() : {}; })
				.then(function (state) {
					asking = false;
					if (state.verdict !== 'allow') { return; }
					done = true;
					line.textContent = line.getAttribute('data-ready');
					document.title = line.textContent;
					box.querySelector('[data-again-send]').hidden = false;
					all('[data-again-start]', function (start) { start.hidden = true; });
				}, function () { asking = false; });
		}
		if (!window.fetch) { return; }
		line.textContent = line.getAttribute('data-wait');
		box.querySelector('[data-again-send] button').addEventListener('click', function () { location.reload(); });
		document.addEventListener('visibilitychange', ask);
		window.addEventListener('focus', ask);
		setInterval(ask, 4000);
	});
})();

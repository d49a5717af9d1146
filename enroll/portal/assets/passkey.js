// Asks the browser for a passkey and sends what it answers with the page's own
// form. Written for old phones, as mfa.js is; nothing here decides anything.
(function () {
	'use strict';
	function bytes(text) {
		var plain = atob(text.replace(/-/g, '+').replace(/_/g, '/')), out = new Uint8Array(plain.length), i;
		for (i = 0; i < plain.length; i++) { out[i] = plain.charCodeAt(i); }
		return out;
	}
	function text(buffer) {
		var all = new Uint8Array(buffer), plain = '', i;
		for (i = 0; i < all.length; i++) { plain += String.fromCharCode(all[i]); }
		return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
	}
	function keys(list) {
		return (list || []).map(function (k) { return { type: k.type, id: bytes(k.id), transports: k.transports }; });
	}
	// read turns what the server sent into what the browser wants, write the
	// other way round: parseCreationOptionsFromJSON and toJSON, which browsers
	// learnt years after passkeys.
	function read(o) {
		o.challenge = bytes(o.challenge);
		if (o.user) { o.user.id = bytes(o.user.id); }
		if (o.excludeCredentials) { o.excludeCredentials = keys(o.excludeCredentials); }
		if (o.allowCredentials) { o.allowCredentials = keys(o.allowCredentials); }
		return o;
	}
	function write(c) {
		var r = c.response, out = { clientDataJSON: text(r.clientDataJSON) };
		if (r.attestationObject) {
			out.attestationObject = text(r.attestationObject);
			out.transports = r.getTransports ? r.getTransports() : [];
		} else {
			out.authenticatorData = text(r.authenticatorData);
			out.signature = text(r.signature);
			if (r.userHandle && r.userHandle.byteLength) { out.userHandle = text(r.userHandle); }
		}
		return JSON.stringify({
			id: c.id, rawId: text(c.rawId), type: c.type, clientExtensionResults: {},
			authenticatorAttachment: c.authenticatorAttachment || undefined, response: out
		});
	}
	function each(selector, run) { Array.prototype.forEach.call(document.querySelectorAll(selector), run); }
	// begin asks the server for a challenge, with what the form carries along.
	function begin(form) {
		var body = {};
		Array.prototype.forEach.call(form.querySelectorAll('input[type=hidden]'), function (i) {
			if (i.name !== 'credential') { body[i.name] = i.value; }
		});
		return fetch(form.getAttribute('data-begin'), {
			method: 'POST', credentials: 'same-origin', body: JSON.stringify(body),
			headers: { 'Accept': 'application/json', 'Content-Type': 'application/json' }
		});
	}
	var usable = window.PublicKeyCredential && navigator.credentials && window.isSecureContext && window.fetch;

	each('form[data-passkey]', function (form) {
		if (!usable) { return; }
		var create = form.getAttribute('data-passkey') === 'create', busy = false;
		var button = form.querySelector('[data-passkey-go]'), error = form.querySelector('[data-passkey-error]');
		var line = form.querySelector('[data-passkey-wait]'), field = form.querySelector('[name=credential]');
		form.querySelector('[data-passkey-none]').hidden = true;
		button.hidden = false;
		function word(name) { return form.querySelector('template').content.querySelector('[data-word=' + name + ']').textContent; }
		function free() { busy = false; line.textContent = ''; button.removeAttribute('aria-disabled'); }
		function fail(words) {
			free();
			error.textContent = words;
			error.hidden = false;
			button.focus();
		}
		function ask() {
			var began, limit;
			if (busy) { return; }
			busy = true;
			error.hidden = true;
			button.setAttribute('aria-disabled', 'true');
			line.textContent = word('waiting');
			begin(form).then(function (answer) {
				return answer.json().then(function (told) {
					if (!answer.ok) { fail(told.detail || word('failed')); return; }
					var options = { publicKey: read(told.publicKey) };
					began = Date.now();
					limit = options.publicKey.timeout;
					return (create ? navigator.credentials.create(options) : navigator.credentials.get(options)).then(function (c) {
						field.value = write(c);
						form.submit();
					}, function (mistake) {
						fail(word({
							NotAllowedError: Date.now() - began > limit - 2000 ? 'timeout' : 'cancelled', AbortError: 'cancelled',
							InvalidStateError: create ? 'already' : 'failed', SecurityError: 'elsewhere',
							NotSupportedError: 'unable', ConstraintError: 'unable'
						}[mistake.name] || 'failed'));
					});
				});
			}).then(null, function () { fail(word('offline')); });
		}
		button.addEventListener('click', ask);
		// Back from the next page: what was answered once is not sent again.
		window.addEventListener('pageshow', function () { field.value = ''; free(); });
	});

	// At the field of a code the browser may offer passkeys as it offers other
	// things to fill in. A challenge does not live for ever: it is asked for anew,
	// a few times, while somebody looks.
	each('form[data-passkey-fill]', function (form) {
		var left = 6;
		if (!usable || !window.AbortController || !PublicKeyCredential.isConditionalMediationAvailable) { return; }
		function offer() {
			if (!left || document.hidden) { return; }
			left--;
			begin(form).then(function (answer) { return answer.ok ? answer.json() : null; }).then(function (told) {
				if (!told) { return; }
				var end = new AbortController();
				setTimeout(function () { end.abort(); offer(); }, 240000);
				return navigator.credentials.get({ mediation: 'conditional', signal: end.signal, publicKey: read(told.publicKey) }).then(function (c) {
					form.querySelector('[name=credential]').value = write(c);
					form.submit();
				});
			}).then(null, function () {});
		}
		PublicKeyCredential.isConditionalMediationAvailable().then(function (can) { if (can) { offer(); } });
	});

	// Tells the browser which passkeys still count, so that it offers no others.
	each('[data-passkeys]', function (list) {
		if (usable && PublicKeyCredential.signalAllAcceptedCredentials) {
			PublicKeyCredential.signalAllAcceptedCredentials(JSON.parse(list.getAttribute('data-passkeys'))).then(null, function () {});
		}
	});
})();

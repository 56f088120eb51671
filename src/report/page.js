// Tooltips in place of the browser's slow ones, a line under the pointer, and the choice of light or dark. The page is
// complete without.
(function () {
	'use strict';
	const root = document.documentElement;
	const tip = document.createElement('div');
	tip.id = 'tip';
	document.body.appendChild(tip);
	document.querySelectorAll('svg title').forEach(function (t) {
		t.parentNode.setAttribute('data-t', t.textContent);
		t.remove();
	});
	document.addEventListener('mousemove', function (e) {
		const t = e.target.closest ? e.target.closest('[data-t]') : null;
		if (!t) {
			tip.style.display = 'none';
			return;
		}
		tip.textContent = t.getAttribute('data-t');
		tip.style.display = 'block';
		let x = e.clientX + 14, y = e.clientY + 16;
		if (x + tip.offsetWidth > innerWidth - 8) x = e.clientX - tip.offsetWidth - 14;
		if (y + tip.offsetHeight > innerHeight - 8) y = e.clientY - tip.offsetHeight - 14;
		tip.style.left = Math.max(8, x) + 'px';
		tip.style.top = Math.max(8, y) + 'px';
	});
	document.querySelectorAll('svg.time').forEach(function (s) {
		const line = s.querySelector('.cur'), left = Number(s.dataset.left);
		s.addEventListener('mousemove', function (e) {
			const box = s.getBoundingClientRect();
			const x = (e.clientX - box.left) * s.viewBox.baseVal.width / box.width;
			line.setAttribute('x1', x);
			line.setAttribute('x2', x);
			line.style.visibility = x >= left ? 'visible' : 'hidden';
		});
		s.addEventListener('mouseleave', function () {
			line.style.visibility = 'hidden';
		});
	});
	const button = document.getElementById('theme');
	button.hidden = false;
	button.onclick = function () {
		const dark = root.dataset.theme ? root.dataset.theme === 'dark' :
			matchMedia('(prefers-color-scheme: dark)').matches;
		root.dataset.theme = dark ? 'light' : 'dark';
	};
})();

// Fetches the page again when the server says that it changed, and puts in what differs. Without it the page is read as it is.
(() => {
  const stream = document.body.dataset.live;
  if (!stream || !window.EventSource) return;

  let pending = null;
  let busy = false;

  // Form keys differ every time and change nothing that is seen.
  const shown = element => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll('input[type=hidden]').forEach(input => input.remove());
    copy.querySelectorAll('details').forEach(details => details.removeAttribute('open'));
    return copy.innerHTML;
  };

  const replace = (old, fresh) => {
    const focused = old.contains(document.activeElement) ? document.activeElement.id : '';
    const open = [...old.querySelectorAll('details[open][id]')].map(details => details.id);
    old.replaceWith(fresh);
    open.forEach(id => document.getElementById(id)?.setAttribute('open', ''));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const refresh = async () => {
    pending = null;
    if (busy) { later(); return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin', redirect: 'error' });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      document.title = page.title;
      const fresh = new Map([...page.querySelectorAll('main section[id]')].map(section => [section.id, section]));
      if ([...document.querySelectorAll('main section[id]')].map(section => section.id).join() !== [...fresh.keys()].join()) {
        replace(document.querySelector('main'), page.querySelector('main'));
        return;
      }
      document.querySelectorAll('main section[id]').forEach(section => {
        const next = fresh.get(section.id);
        if (shown(section) !== shown(next)) replace(section, next);
      });
      // Only its text is put in, so that a screen reader says it.
      const summary = document.getElementById('summary');
      const said = page.getElementById('summary');
      if (summary && said && summary.textContent !== said.textContent) summary.textContent = said.textContent;
    } catch {
      lost();
    } finally {
      busy = false;
    }
  };

  const later = () => { pending ??= setTimeout(refresh, 300); };
  const lost = () => { document.getElementById('connection').hidden = false; };

  const events = new EventSource(stream);
  events.addEventListener('changed', later);
  events.onopen = () => { document.getElementById('connection').hidden = true; later(); };
  events.onerror = lost;
})();

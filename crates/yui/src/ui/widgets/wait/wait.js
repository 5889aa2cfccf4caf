// Moves a page on once what it waits for has happened elsewhere.
for (const box of document.querySelectorAll('[data-wait]')) {
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.wait);
      if (answer.ok && (await answer.json()).moved_on) location.assign(box.dataset.then);
    } catch {
      // Without the net just now: the next look, or the button on the page.
    }
  };
  setInterval(() => document.visibilityState === 'visible' && look(), 3000);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
}

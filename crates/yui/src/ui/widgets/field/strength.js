// Says in words how strong the password is that is being typed. The portal judges it; one question at a time.
for (const box of document.querySelectorAll('[data-strength]')) {
  const input = box.querySelector('input');
  const words = box.querySelector('[data-strength-words]');
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    let asked;
    while (asked !== input.value) {
      asked = input.value;
      if (!asked) {
        words.textContent = '';
        continue;
      }
      try {
        const answer = await fetch('/password/strength', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ password: asked.slice(0, 128) }),
        });
        const told = await answer.json();
        words.dataset.level = told.level;
        words.textContent = `${words.dataset.label}: ${told.words}`;
      } catch {
        words.textContent = '';
      }
    }
    asking = false;
  };
  input.addEventListener('input', ask);
}

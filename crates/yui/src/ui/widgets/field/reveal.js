// Lets a person see the password while typing it.
for (const box of document.querySelectorAll('[data-reveal]')) {
  const input = box.querySelector('input');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button button--quiet button--small';
  button.setAttribute('aria-label', box.dataset.label);
  button.setAttribute('aria-pressed', 'false');
  button.textContent = box.dataset.show;
  button.addEventListener('click', () => {
    const hidden = input.type === 'password';
    input.type = hidden ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(hidden));
    button.textContent = hidden ? box.dataset.hide : box.dataset.show;
  });
  box.append(button);
}

// Shows how far work on the server is, and moves on once it is done. A stream that ends is opened again by the browser.
for (const box of document.querySelectorAll('[data-progress]')) {
  const bar = box.querySelector('progress');
  const words = box.querySelector('[data-words]');
  const events = new EventSource(box.dataset.progress);
  events.onmessage = (event) => {
    const said = JSON.parse(event.data);
    bar.value = said.percent;
    if (words.textContent !== said.words) words.textContent = said.words;
  };
  events.addEventListener('done', () => {
    events.close();
    location.reload();
  });
}

// A form that is on its way is not sent a second time: a double click on the last button of a login would use up its
// code twice.
const AGAIN_AFTER = 5000;
let sent = new WeakMap();
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented) return;
  const before = sent.get(event.target);
  if (before !== undefined && event.timeStamp - before < AGAIN_AFTER) {
    event.preventDefault();
    return;
  }
  sent.set(event.target, event.timeStamp);
});
// Back on this page: its forms can be sent again.
addEventListener('pageshow', () => {
  sent = new WeakMap();
});

// Passkeys: asks the browser for one and sends its answer. Where the browser has none, nothing is offered.
for (const box of document.querySelectorAll('[data-passkey]')) {
  const button = box.querySelector('[data-passkey-button]');
  const offer = box.querySelector('[data-passkey-offer]') ?? button;
  const complaint = box.querySelector('[data-passkey-error]');
  const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON;
  if (!button || !able) continue;
  offer.hidden = false;
  box.querySelector('[data-passkey-missing]')?.remove();
  const registering = box.dataset.passkey === 'register';
  let waiting; // the autofill that waits for a choice

  const say = (words) => {
    complaint.textContent = words;
    complaint.hidden = !words;
  };
  const send = async (where, body) => {
    const answer = await fetch(where, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    });
    if (answer.redirected) location.assign(answer.url);
    if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
    return answer.json();
  };
  const credential = ({ options }, more) =>
    registering
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options), ...more })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });
  const finish = async (question, given) => {
    const field = (name) => box.querySelector(`[name=${name}]`);
    const next = await send(box.dataset.finish, {
      question: question.question,
      credential: given.toJSON(),
      label: field('label')?.value ?? '',
      return_to: field('return_to')?.value ?? '',
      remember: field('remember')?.checked ?? false,
      sign_out_everywhere: field('sign_out_everywhere')?.checked ?? false,
    });
    if (next.unknown) await PublicKeyCredential.signalUnknownCredential?.(next.unknown);
    // What the portal did not take is no passkey: the device need not offer it.
    if (next.error && registering) {
      const rpId = question.options.rp.id ?? location.hostname;
      await PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId: given.id });
    }
    if (next.error) say(next.error);
    else location.assign(next.location);
  };

  button.addEventListener('click', async () => {
    // A second press would ask the device for a second passkey in place of the first.
    if (button.getAttribute('aria-busy')) return;
    say('');
    waiting?.abort();
    button.setAttribute('aria-busy', 'true');
    try {
      const question = await send(box.dataset.begin);
      await finish(question, await credential(question));
    } catch {
      say(box.dataset.failed);
    } finally {
      button.removeAttribute('aria-busy');
    }
  });

  // On the login page a passkey may also be picked from the list under the user ID.
  if (box.dataset.passkey === 'sign-in') {
    const offerInField = async () => {
      if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
      waiting = new AbortController();
      const question = await send(box.dataset.begin);
      await finish(question, await credential(question, { mediation: 'conditional', signal: waiting.signal }));
    };
    offerInField().catch(() => {});
  }
}

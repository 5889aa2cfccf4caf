/** The authenticator that a browser has: Chromium's own, in software. */
export class Authenticator {
  /** Gives the page one; `options` as in the WebAuthn domain of the DevTools protocol. */
  static async of(page, options = {}) {
    const authenticator = new Authenticator();
    authenticator.cdp = await page.context().newCDPSession(page);
    await authenticator.cdp.send('WebAuthn.enable');
    const device = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    const answer = await authenticator.cdp.send('WebAuthn.addVirtualAuthenticator', { options: { ...device, ...options } });
    authenticator.authenticatorId = answer.authenticatorId;
    return authenticator;
  }

  async #send(what, more = {}) {
    return this.cdp.send(`WebAuthn.${what}`, { authenticatorId: this.authenticatorId, ...more });
  }

  /** The passkeys on it. */
  async credentials() {
    return (await this.#send('getCredentials')).credentials;
  }

  /** Puts a passkey of another one on it, as a phone that shares them does. */
  async add(credential) {
    await this.#send('addCredential', { credential });
  }

  /** Whether finger or face is there at the next question. */
  async present(enabled) {
    await this.#send('setAutomaticPresenceSimulation', { enabled });
  }

  /** Whether it knows the finger or face. */
  async verified(isUserVerified) {
    await this.#send('setUserVerified', { isUserVerified });
  }

  /** Takes it away. */
  async remove() {
    await this.#send('removeVirtualAuthenticator');
  }
}

//! Proof of who somebody is: password hashing with its queue, tokens, the key ring. No HTML, no SQL.

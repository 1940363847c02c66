/** What may be said of the end of a session, by the server's word for it. */
const SENTENCES = new Map([
  ["expired", "It has been a while, so your session has ended."],
  ["revoked", "You were signed out from another device."],
  ["password_changed", "Your password was changed, so you were signed out."],
  ["password_reset", "Your password was set anew through a mailed link, so you were signed out everywhere."],
  ["refresh_token_reused", "Somebody else may have had a copy of your session, so it was ended."],
  ["disowned", "A sign-in to your account was reported as somebody else's, so you were signed out everywhere."],
  ["banned", "Your account is suspended, so you were signed out."],
  ["user_deleted", "Your account was deleted, so you were signed out."],
]);

/** Return the word by which an answer tells why a session ended; empty where it tells nothing that we know. */
export function endOf(answer: Response): string {
  const word = answer.headers.get("x-session-ended") ?? "";
  return SENTENCES.has(word) ? word : "";
}

/** Put it into a sentence. Anybody can write an address: words that we do not know are not repeated. */
export function sentenceOf(word: string | undefined): string {
  return SENTENCES.get(word ?? "") ?? "Your session has ended. Sign in again to go on.";
}

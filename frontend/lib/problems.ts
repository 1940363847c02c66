/** What went wrong, in words for a person, and at which field. */
export interface Problem {
  code: string;
  text: string;
  field?: string;
}

/** An answer of the back end that is not a success: of the auth server, or of the application. */
export interface Refusal {
  code?: string;
  message?: string;
  status: number;
}

const at = (field: string | undefined, text: string) => ({ field, text });

const BY_CODE: Record<string, { field?: string; text: string }> = {
  INVALID_EMAIL: at("email", "This is not an e-mail address."),
  INVALID_EMAIL_OR_PASSWORD: at("password", "The e-mail address or the password is wrong."),
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: at("email", "There is an account with this address. Sign in instead."),
  EMAIL_NOT_VERIFIED: at("email", "Confirm your address first. We have sent you a link."),
  EMAIL_IS_THE_SAME: at("email", "This is your present address."),
  INVALID_PASSWORD: at("password", "This is not your password."),
  CREDENTIAL_ACCOUNT_NOT_FOUND: at("password", "This account has no password yet. Ask for one by e-mail."),
  PASSWORD_TOO_SHORT: at("newPassword", "Use at least 8 characters."),
  PASSWORD_TOO_LONG: at("newPassword", "Use fewer characters."),
  PASSWORD_MISSING_UPPERCASE: at("newPassword", "Add an upper-case letter."),
  PASSWORD_MISSING_LOWERCASE: at("newPassword", "Add a lower-case letter."),
  PASSWORD_MISSING_DIGIT: at("newPassword", "Add a digit."),
  PASSWORD_MISSING_SPECIAL: at("newPassword", "Add a character that is neither letter nor digit."),
  PASSWORD_TOO_COMMON: at("newPassword", "Many people use this password. Choose another one."),
  PASSWORD_COMPROMISED: at("newPassword", "This password is known from a breach. Choose another one."),
  PASSWORD_CONTAINS_IDENTITY: at("newPassword", "Leave your name and your address out of the password."),
  INVALID_TOKEN: at(undefined, "This link is not valid, or it was used already. Ask for a new one."),
  TOKEN_EXPIRED: at(undefined, "This link has expired. Ask for a new one."),
  UNAUTHORIZED: at(undefined, "Your session has ended. Sign in again."),
  SESSION_NOT_FRESH: at(undefined, "Sign in again to do this: it has been a while."),
  SESSION_EXPIRED: at(undefined, "Sign in again to do this: it has been a while."),
  BANNED_USER: at(undefined, "This account is suspended."),
  FAILED_TO_UNLINK_LAST_ACCOUNT: at(undefined, "This is your only way to sign in. Add another one first."),
  SOCIAL_ACCOUNT_ALREADY_LINKED: at(undefined, "That account belongs to somebody else here."),
  NETWORK: at(undefined, "The server cannot be reached. Check your connection and try again."),
};

const BY_STATUS: Record<number, string> = {
  401: "UNAUTHORIZED",
  404: "NOT_FOUND",
  429: "TOO_MANY_REQUESTS",
};

const BY_STATUS_TEXT: Record<number, string> = {
  404: "This is not there any more.",
  429: "Too many attempts. Wait a little and try again.",
  503: "The server is busy. Try again in a moment.",
};

/** Look up a name that may come from an address: "constructor" is in every object, and no text. */
function named<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Put a refusal into words: by its code, else by its status, else what the server says itself. */
export function problemOf({ code, message, status }: Refusal): Problem {
  const name = code ?? BY_STATUS[status] ?? "UNKNOWN";
  const known = named(BY_CODE, name);
  if (known) return { code: name, ...known };
  const said = status < 500 ? message : undefined;
  return { code: name, text: BY_STATUS_TEXT[status] ?? said ?? "Something went wrong. Try again." };
}

/** Whether the session lives, but began too long ago for what was asked. */
export const wantsSignIn = ({ code }: Problem) => code === "SESSION_NOT_FRESH" || code === "SESSION_EXPIRED";

/** Whether the page is about to be left for sign-in: to read it anew would get in the way of that. */
export const leadsToSignIn = (problem: Problem) => problem.code === "UNAUTHORIZED" || wantsSignIn(problem);

export const unreachable: Problem = { code: "NETWORK", ...BY_CODE.NETWORK!, field: undefined };

/** Return what is to be said about a code that came back in an address. */
export function problemOfCode(code: string): Problem {
  return problemOf({ code, status: 400 });
}

const TOO_LATE = "The sign-in took too long, or was begun in another browser. Try again.";

const AT_SIGN_IN: Record<string, string> = {
  access_denied: "You did not allow the sign-in. Try again, or use your password.",
  account_not_linked:
    "There is an account with this address already. Sign in to it, and link the other one in the settings.",
  signup_disabled: "There is no account for you here, and nobody can sign up at present.",
  state_mismatch: TOO_LATE,
  state_not_found: TOO_LATE,
  BANNED_USER: "This account is suspended.",
};

/** Return what is to be said about a sign-in at a provider that came to nothing. */
export function problemOfSignIn(code: string): Problem {
  const text = named(AT_SIGN_IN, code) ?? "The sign-in did not work. Try again.";
  return { code, text };
}

const AT_LINKING: Record<string, string> = {
  account_already_linked_to_different_user: "That account belongs to somebody else here.",
  email_does_not_match: "That account has another address than yours.",
  access_denied: "You did not allow it.",
};

/** Return what is to be said where an account could not be linked. */
export function problemOfLinking(code: string): Problem {
  return { code, text: named(AT_LINKING, code) ?? "The account could not be linked. Try again." };
}

import "server-only";

import { readBackend } from "@/lib/backend";

export interface Provider {
  id: string;
  name: string;
}

/** What the back end allows, for pages to show. */
export interface Offers {
  signUp: boolean;
  passwordReset: boolean;
  emailVerification: boolean;
  changeEmail: boolean;
  providers: Provider[];
}

export const readOffers = () => readBackend<Offers>("/api/offers");

import "server-only";

import { readBackend } from "@/lib/backend";

export interface Provider {
  id: string;
  name: string;
}

/** What the back end allows, for pages to show. */
export interface Offers {
  signUp: boolean;
  /** Whether there are links by mail at all. */
  mail: boolean;
  /** Where mail can be read that does not leave the server, in development. */
  mailPage: string | null;
  providers: Provider[];
}

export const readOffers = () => readBackend<Offers>("/api/offers");

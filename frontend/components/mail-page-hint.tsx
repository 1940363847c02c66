import type { Offers } from "@/data/offers/read";
import { TextLink } from "./ui/text-link";

/** In development no mail leaves the server: says where to read it. */
export function MailPageHint({ offers }: { offers: Offers }) {
  if (!offers.mailPage) return null;
  return (
    <p className="mt-4 text-sm text-muted">
      No mail leaves this server. <TextLink href={offers.mailPage}>Read it here.</TextLink>
    </p>
  );
}

import type { Metadata } from "next";
import { NoSuchPage } from "@/components/no-such-page";

export const metadata: Metadata = { title: "No such page" };

export default function NotFound() {
  return (
    <main id="main" className="mx-auto w-full max-w-md grow px-4 py-20">
      <NoSuchPage />
    </main>
  );
}

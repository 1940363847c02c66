import type { Metadata } from "next";
import { DeleteAccountForm } from "@/components/forms/delete-account-form";
import { Card } from "@/components/ui/card";
import { hasPassword } from "@/data/accounts/read";
import { requireSession } from "@/data/session/current";

export const metadata: Metadata = { title: "Delete account" };

export default async function DeleteAccountPage() {
  await requireSession();
  return (
    <Card danger title="Delete account" description="Your account and all your tasks are deleted for good.">
      <DeleteAccountForm hasPassword={await hasPassword()} />
    </Card>
  );
}

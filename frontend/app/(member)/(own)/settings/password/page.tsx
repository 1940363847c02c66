import type { Metadata } from "next";
import { PasswordForm } from "@/components/forms/password-form";
import { SetPasswordButton } from "@/components/set-password-button";
import { Card } from "@/components/ui/card";
import { hasPassword } from "@/data/accounts/read";
import { requireSession } from "@/data/session/current";

export const metadata: Metadata = { title: "Password" };

export default async function PasswordPage() {
  const { user } = await requireSession();
  if (await hasPassword()) {
    return (
      <Card title="Password">
        <PasswordForm email={user.email} />
      </Card>
    );
  }
  return (
    <Card title="Password" description="You sign in with another account. A password is a second way in.">
      <SetPasswordButton email={user.email} />
    </Card>
  );
}

import type { Metadata } from "next";
import { SessionList } from "@/components/session-list";
import { Card } from "@/components/ui/card";
import { SignInAgain } from "@/components/sign-in-again";
import { requireSession } from "@/data/session/current";
import { readSessions } from "@/data/sessions/read";

export const metadata: Metadata = { title: "Sessions" };

export default async function SessionsPage() {
  const { session } = await requireSession();
  const sessions = await readSessions();
  return (
    <Card title="Where you are signed in" description="End what you do not know, and change your password then.">
      {sessions ? <SessionList sessions={sessions} current={session.id} /> : <SignInAgain path="/settings/sessions" />}
    </Card>
  );
}

import type { Metadata } from "next";
import { ResetPasswordForm } from "@/components/forms/reset-password-form";
import { Notice } from "@/components/ui/notice";
import { PageTitle } from "@/components/ui/page-title";
import { TextLink } from "@/components/ui/text-link";
import { problemOfCode } from "@/lib/problems";
import { one, type Query } from "@/lib/query";

export const metadata: Metadata = { title: "New password" };

export default async function ResetPasswordPage({ searchParams }: { searchParams: Query }) {
  const { token } = await searchParams;
  return (
    <>
      <PageTitle title="Set a new password" />
      {token ? (
        <ResetPasswordForm token={one(token)!} />
      ) : (
        <Notice kind="problem">{problemOfCode("INVALID_TOKEN").text}</Notice>
      )}
      <p className="mt-6 text-sm">
        <TextLink href="/forgot-password">Ask for a new link</TextLink>
      </p>
    </>
  );
}

"use client";

import { useRouter } from "next/navigation";
import { changeName } from "@/data/profile/change";
import { toast } from "@/components/ui/toasts";
import { Field } from "./field";
import { Form, Submit } from "./form";

export function ProfileForm({ name }: { name: string }) {
  const router = useRouter();
  return (
    <Form
      label="Profile"
      submit={async ({ name = "" }) => {
        const problem = await changeName(name);
        if (!problem) {
          toast("Your name is changed.");
          router.refresh();
        }
        return problem;
      }}
    >
      <Field name="name" label="Name" autoComplete="name" defaultValue={name} maxLength={100} required />
      <Submit>Save</Submit>
    </Form>
  );
}

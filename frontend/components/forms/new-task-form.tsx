"use client";

import { Field } from "./field";
import { Form, Submit } from "./form";

export function NewTaskForm({ create }: { create: (title: string) => void }) {
  return (
    <Form
      resets
      label="Add a task"
      className="flex flex-wrap items-end gap-3"
      submit={async ({ title = "" }) => {
        create(title.trim());
        return null;
      }}
    >
      <Field
        name="title"
        label="New task"
        className="min-w-48 grow"
        autoComplete="off"
        maxLength={200}
        pattern=".*\S.*"
        title="Write what is to be done"
        required
      />
      <Submit>Add</Submit>
    </Form>
  );
}

"use client";

import { Field } from "./field";
import { Form, Submit } from "./form";

export function NewTaskForm({ create }: { create: (title: string) => void }) {
  return (
    <Form
      resets
      label="Add a task"
      className="flex flex-wrap items-start gap-3"
      submit={async ({ title = "" }) => {
        create(title.trim());
        return null;
      }}
    >
      <Field
        name="title"
        label="New task"
        className="grow basis-48"
        autoComplete="off"
        maxLength={200}
        pattern=".*\S.*"
        title="Write what is to be done"
        required
      />
      <div className="mt-6">
        <Submit>Add</Submit>
      </div>
    </Form>
  );
}

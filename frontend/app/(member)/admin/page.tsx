import type { Metadata } from "next";
import { PageTitle } from "@/components/ui/page-title";
import { readWorkload } from "@/data/people/read";
import { requireAdministrator } from "@/data/session/current";

export async function generateMetadata(): Promise<Metadata> {
  await requireAdministrator(); // not even the title is for others
  return { title: "Administration" };
}

export default async function AdministrationPage() {
  await requireAdministrator(); // the back end refuses the data besides
  const people = await readWorkload();
  return (
    <>
      <PageTitle title="Administration">Who has how much to do.</PageTitle>
      {people.length === 0 ? (
        <p className="rounded-xl border border-dashed border-edge p-10 text-center text-muted">Nobody has a task yet.</p>
      ) : (
        <div className="overflow-x-auto rounded-xl border border-line bg-surface" tabIndex={0} role="region" aria-label="People">
          <table className="w-full text-left text-sm">
            <thead className="border-b border-line text-muted">
              <tr>
                <th scope="col" className="px-4 py-3 font-medium">
                  Person
                </th>
                <th scope="col" className="px-4 py-3 text-right font-medium">
                  Open
                </th>
                <th scope="col" className="px-4 py-3 text-right font-medium">
                  Done
                </th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {people.map(({ userId, name, email, total, done }) => (
                <tr key={userId}>
                  <td className="px-4 py-3">
                    <span className="font-medium">{name}</span>
                    <span className="block break-all text-muted">{email}</span>
                  </td>
                  <td className="px-4 py-3 text-right tabular-nums">{total - done}</td>
                  <td className="px-4 py-3 text-right tabular-nums">{done}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

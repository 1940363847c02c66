import { PageTitle } from "@/components/ui/page-title";
import { TextLink } from "@/components/ui/text-link";

export default function NotFound() {
  return (
    <main id="main" className="mx-auto w-full max-w-md grow px-4 py-20">
      <PageTitle title="There is no such page">It may have moved, or it is not for you.</PageTitle>
      <TextLink href="/">Go to the start page</TextLink>
    </main>
  );
}

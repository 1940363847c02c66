import { PageTitle } from "./ui/page-title";
import { TextLink } from "./ui/text-link";

export function NoSuchPage() {
  return (
    <>
      <PageTitle title="There is no such page">It may have moved, or it is not for you.</PageTitle>
      <TextLink href="/">Go to the start page</TextLink>
    </>
  );
}

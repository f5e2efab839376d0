/** An address that names nothing. */
import { Empty } from "../../../page/empty";

export function NoPlace() {
  return (
    <Empty title="There is nothing at this address">
      <a href="/fleet">Go to the fleet</a>
    </Empty>
  );
}

import { expect, it } from "vitest";
import { renderOrCoordinate, stableContextValue } from "../../eslint-rules/components.js";
import { complaintsOf } from "../support/restricted-syntax";

const problemCount = complaintsOf(...renderOrCoordinate, ...stableContextValue);

it.each([
  "function Row() { const [isOpen] = useState(false); return <p>{isOpen}</p>; }",
  "function Row() { useEffect(() => {}); return <p />; }",
  "function Row() { const { api } = useServices(); return <IconButton className='row' onClick={api.edit} />; }",
  "function useSeconds() { return useCountdown(0); } const Row = () => <time />;",
  "function Row() { const room = use(OpenRoomContext); return <p>{room.roomId}</p>; }",
  "class Row extends Component { state = { isOpen: false }; render() { return <p>{this.state.isOpen}</p>; } }",
  "function Row() { const [isOpen] = React.useState(false); return <p>{isOpen}</p>; }",
])("a file that draws elements and uses state or stores fails the lint: %s", (code) => {
  expect(problemCount(code)).toBeGreaterThan(0);
});

it.each([
  "function Row({ isOpen, onOpen }) { const { t } = useTranslation(); return <p onClick={onOpen}>{t('row')}</p>; }",
  "function Row() { const [isOpen] = useState(false); return <RowArticle isOpen={isOpen} />; }",
  "function useIsOpen() { return useState(false); }",
])("a file that only renders or only coordinates passes the lint: %s", (code) => {
  expect(problemCount(code)).toBe(0);
});

it.each([
  "const Room = () => <OpenRoomContext value={{ roomId }}><Parts /></OpenRoomContext>;",
  "const Layout = () => <OpenMenuContext value={() => open()}><Parts /></OpenMenuContext>;",
])("a context whose value is new with each render fails the lint: %s", (code) => {
  expect(problemCount(code)).toBeGreaterThan(0);
});

it.each([
  "const Room = ({ openRoom }) => <OpenRoomContext value={openRoom}><Parts /></OpenRoomContext>;",
  "const Field = () => <Input value={{ text: '' }} />;",
])("a context with a stable value passes the lint: %s", (code) => {
  expect(problemCount(code)).toBe(0);
});

// Entry of the window: the styles, the link to the controller, and the window itself.
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "@mantine/core/styles.layer.css";
import "dockview-react/dist/styles/dockview.css";
import "./marks/tokens.css";
import "./shell/window.css";
import { createRoot } from "react-dom/client";
import { App } from "./shell/App.tsx";
import { runSystemCommand, takeDockWish } from "./shell/window-commands.ts";
import { startTelling } from "./state/other-windows.ts";
import { followCommands, startLink } from "./state/controller-updates.ts";

followCommands(({ name, argument }) => runSystemCommand(name, argument));
startTelling(takeDockWish);
startLink();
const root = document.getElementById("window");
if (root === null) throw new Error("the page has no place for the window");
createRoot(root).render(<App />);

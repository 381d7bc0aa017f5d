import "../element.js";
import { keepSite } from "./site.js";

keepSite();

// HTTP connections take their places from those of the process.

import HTTP
import Services

extension Places: ConnectionPlaces {}

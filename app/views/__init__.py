"""One page each: state -> trace -> analysis -> figure -> words."""

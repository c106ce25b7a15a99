"""The whole program rehearsed where downloads cannot be reached: the real engine, stand-in plugins and packages."""

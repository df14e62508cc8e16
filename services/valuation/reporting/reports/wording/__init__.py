"""Every word that reports say, in en and zh-CN."""

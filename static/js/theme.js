// Sets the chosen theme before anything is painted; without a choice the system decides.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* storage may be switched off; the system's theme stands */ }
document.documentElement.classList.remove("no-script");

"use strict";
{
  const place = document.getElementById("docs");
  const theme = { typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } } };
  Redoc.init(place.dataset.schema, { hideDownloadButton: false, theme }, place);
}
